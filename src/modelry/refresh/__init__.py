"""Refresh: feeds fetched, guarded, merged and reported; the catalogue stays fresh and is never poisoned.

fetch ──> read ──> guard ──> claims ──> fold ──> report ──> (with apply) data/feeds, data/models.json, mirror
                     └──> a rejected feed, or a row in quarantine: what was known stays
"""
