"""`python -m cautery_provider` is the command."""

from cautery_provider.cli import main

raise SystemExit(main())
