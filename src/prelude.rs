//! The names that most programs need: `use pathway::prelude::*;`.
//!
//! # Together with `tokio` or `futures`
//!
//! These crates also have macros named `select!` and `join!`. An import by name takes precedence over one by `*`, so import
//! by name the ones that you want to call without a path:
//!
//! ```
//! use pathway::prelude::*;
//! use tokio::select; // Without a path, `select!` is now tokio's.
//!
//! # #[derive(Schema)] struct Order { id: i64, price: f64 }
//! # let pipeline = Pipeline::new();
//! # let orders = pipeline.rows([Order { id: 1, price: 2.0 }]);
//! let lean = pathway::select!(o in orders => { o.id });
//! # let seen = lean.collect();
//! # pipeline.run()?;
//! # assert_eq!(seen.rows()[0].id, 1);
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! select! {
//!     () = tokio::time::sleep(Duration::from_millis(1)) => println!("no answer"),
//!     answer = std::future::ready(7) => println!("the answer is {answer}"),
//! }
//! # });
//! # Ok::<(), pathway::Error>(())
//! ```
//!
//! If you import both crates by `*`, import these two macros by name as well, and call tokio's by their path:
//!
//! ```
//! use pathway::prelude::*;
//! use pathway::{join, select};
//! use tokio::*;
//!
//! # #[derive(Schema)] struct Order { id: i64 }
//! # let pipeline = Pipeline::new();
//! # let orders = pipeline.rows([Order { id: 1 }]);
//! let lean = select!(o in orders => { o.id });
//! # let seen = lean.collect();
//! # pipeline.run()?;
//! # assert_eq!(seen.rows()[0].id, 1);
//! # runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! tokio::join!(time::sleep(Duration::from_millis(1)), time::sleep(Duration::from_millis(2)));
//! # });
//! # Ok::<(), pathway::Error>(())
//! ```
//!
//! With two imports by `*` alone, both names are ambiguous, and the compiler rejects each use of them without a path.

pub use std::time::Duration;

pub use crate::bytes::Bytes;
pub use crate::jiff::{SignedDuration, ToSpan};
pub use crate::nats;
pub use crate::nats::OnDecodeError;
pub use crate::reducers::{Accumulator, Reducer};
pub use crate::schema::{DateTimeNaive, DateTimeUtc, Json};
pub use crate::{Change, ColumnType, Pipeline, Schema, Table, filter, join, reduce, row, select, top};
