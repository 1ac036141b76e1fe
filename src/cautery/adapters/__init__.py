"""The outside, one file each: disk, databases, sockets, decoder, clock. Imported by wiring."""
