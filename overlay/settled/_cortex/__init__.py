"""What Cortex XDR and Cortex XSIAM share: one platform, one key, one query language."""
