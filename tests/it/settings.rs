//! The provider block.
