"""Alerts: rules over cases, and the ways on which people are told."""
