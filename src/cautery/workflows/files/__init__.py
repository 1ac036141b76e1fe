"""Read files that a user names: any known format, titles, hosts, a catalogue of rights."""
