"""Follow what grows back after a case: its traits, looked for day by day in what others bring."""
