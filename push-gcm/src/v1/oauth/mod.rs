//! Google's credentials.
