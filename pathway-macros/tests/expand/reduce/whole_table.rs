//! All rows are one group.

reduce!(row in input => { sum: sum(row.value) });
