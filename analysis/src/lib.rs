//! What several checks need to know about a site, computed once.
