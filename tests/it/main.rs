//! smoke
mod smoke;
