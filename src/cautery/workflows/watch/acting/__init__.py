"""Turn proven streams into guarded referrals, file what is approved, and see its effect."""
