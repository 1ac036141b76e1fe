"""Addresses of payment: found in text, checked by their coin's own rule, drawn for the lab."""
