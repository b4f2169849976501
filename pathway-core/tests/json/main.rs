//! JSON in and out: what the rows say, what the recorded runs say, and that no payload does harm.

mod hostile;
mod order;
mod random;
mod reports;
mod round_trip;
mod row;
mod vectors;
mod walk;
