//! Rows become other rows, one verb a file. Pure: no I/O, no clock.

pub mod reducer;
