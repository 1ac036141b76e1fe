"""What programs read of cases: the pages' own workflows as JSON, under ``/api/v1``."""
