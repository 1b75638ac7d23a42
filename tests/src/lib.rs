//! Shared fixtures
