//! The number of rows of a result, and their digest: the CRC-32 of the rows as lines, sorted by their bytes.

use std::fmt::Write as _;

use dbsp::ZWeight;
use dbsp::utils::{Tup2, Tup3, Tup4, Tup5, Tup9};

use crate::tables::{Auction, Bid, Text};

/// What is written as one or several columns, each followed by `|`.
pub trait Columns {
    fn write(&self, line: &mut String);
}

macro_rules! number {
    ($($type:ty),*) => {
        $(impl Columns for $type {
            fn write(&self, line: &mut String) {
                let _ = write!(line, "{self}|");
            }
        })*
    };
}

number!(i64, u64);

impl Columns for Text {
    fn write(&self, line: &mut String) {
        line.push_str(&self.0);
        line.push('|');
    }
}

macro_rules! tuple {
    ($($tuple:ident($($column:ident),*);)*) => {
        $(impl<$($column: Columns),*> Columns for $tuple<$($column),*> {
            #[allow(non_snake_case)]
            fn write(&self, line: &mut String) {
                let Self($($column),*) = self;
                $($column.write(line);)*
            }
        })*
    };
}

tuple! {
    Tup2(A, B);
    Tup3(A, B, C);
    Tup4(A, B, C, D);
    Tup5(A, B, C, D, E);
    Tup9(A, B, C, D, E, F, G, H, I);
}

macro_rules! row {
    ($($row:ident { $($column:ident),* })*) => {
        $(impl Columns for $row {
            fn write(&self, line: &mut String) {
                $(self.$column.write(line);)*
            }
        })*
    };
}

row! {
    Auction { id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra }
    Bid { auction, bidder, price, channel, url, date_time, extra }
}

/// How many rows a result has, and their digest. A row that is there less than zero times is an error of the caller.
pub fn digest<R: Columns>(result: impl IntoIterator<Item = (R, ZWeight)>) -> (usize, String) {
    let mut lines = Vec::new();
    for (row, copies) in result {
        let mut line = String::new();
        row.write(&mut line);
        line.pop();
        line.push('\n');
        assert!(copies >= 0, "there are {copies} copies of the row {line}");
        lines.extend((0..copies).map(|_| line.clone()));
    }
    lines.sort_unstable();
    let mut crc = crc32fast::Hasher::new();
    lines.iter().for_each(|line| crc.update(line.as_bytes()));
    (lines.len(), format!("{:08x}", crc.finalize()))
}
