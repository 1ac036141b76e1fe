"""The pages that stand where a service was, with what DNS and web servers need to serve them."""

from cautery.workflows.operation.seizure_site.offers import EXAMPLE, SiteList, read_site_list
from cautery.workflows.operation.seizure_site.site import Choice, Site, seizure_site

__all__ = ["EXAMPLE", "Choice", "Site", "SiteList", "read_site_list", "seizure_site"]
