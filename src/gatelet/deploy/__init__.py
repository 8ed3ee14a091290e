"""From a fitted model to other formats and devices, each compared with the plan before it appears."""

from gatelet.deploy.exporting import Export, export, verify

__all__ = ["Export", "export", "verify"]
