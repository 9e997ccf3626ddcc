"""The measurements of `make bench`: a module for each comparison, and the peers, servers and tables they share."""
