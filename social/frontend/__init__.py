"""The built front end in web/out: which headers it gets, and what if a page is missing."""
