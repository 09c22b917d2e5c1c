"""What lies in Weir's tables, derived from the contracts: for the stage that writes them and for their readers."""
