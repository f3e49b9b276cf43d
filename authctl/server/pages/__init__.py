"""The server's web pages for administrators, which work without JavaScript."""
