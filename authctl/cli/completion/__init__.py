"""Shell completion: the scripts, made from the command tree, and the answer to TAB."""
