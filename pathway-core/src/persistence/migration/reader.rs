//! Finds where values end, as postcard encodes them.

use crate::data::{Layout, Scalar};

/// The bytes of a piece that are still to be read.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Reader { rest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes of a value.
    pub(super) fn value(&mut self, layout: &Layout) -> Result<&'a [u8], String> {
        let begin = self.rest;
        self.skip(layout)?;
        Ok(begin.get(..begin.len() - self.rest.len()).unwrap_or_default())
    }

    fn skip(&mut self, layout: &Layout) -> Result<(), String> {
        match layout {
            Layout::Scalar(scalar) => self.skip_scalar(*scalar),
            Layout::Enum(_) => self.number().map(drop),
            Layout::Option(value) => match self.byte()? {
                0 => Ok(()),
                _ => self.skip(value),
            },
            Layout::Seq(value) => self.skip_many(&[value]),
            Layout::Map(key, value) => self.skip_many(&[key, value]),
            Layout::Entry(key, value) => {
                self.skip(key)?;
                self.skip(value)
            }
            Layout::Tuple(values) => values.iter().try_for_each(|value| self.skip(value)),
            Layout::Row(columns) => columns.iter().try_for_each(|column| self.skip(&column.layout)),
            Layout::Variants(variants) => {
                let number = self.number()?;
                let variant = usize::try_from(number).ok().and_then(|number| variants.get(number));
                self.skip(variant.ok_or_else(|| format!("there is no variant {number}"))?)
            }
            Layout::Sorted(values) => self.skip(values),
            Layout::Identified { state, .. } => self.skip(state),
            Layout::Hashed(_) => Ok(()),
            Layout::Opaque(name) => Err(format!("a value of `{name}` cannot be skipped")),
        }
    }

    /// Skips a list of values.
    fn skip_many(&mut self, values: &[&Layout]) -> Result<(), String> {
        for _ in 0..self.number()? {
            let before = self.rest.len();
            values.iter().try_for_each(|value| self.skip(value))?;
            if self.rest.len() == before {
                // They take no bytes.
                break;
            }
        }
        Ok(())
    }

    fn skip_scalar(&mut self, scalar: Scalar) -> Result<(), String> {
        match scalar {
            Scalar::Unit => Ok(()),
            Scalar::Bool | Scalar::I8 | Scalar::U8 => self.byte().map(drop),
            Scalar::F32 => self.take(4).map(drop),
            Scalar::F64 => self.take(8).map(drop),
            Scalar::Char | Scalar::String | Scalar::Bytes => {
                let len = self.number()?;
                self.take(usize::try_from(len).unwrap_or(usize::MAX)).map(drop)
            }
            Scalar::I16
            | Scalar::I32
            | Scalar::I64
            | Scalar::I128
            | Scalar::U16
            | Scalar::U32
            | Scalar::U64
            | Scalar::U128 => {
                while self.byte()? >= 0x80 {}
                Ok(())
            }
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, String> {
        self.take(1).map(|bytes| bytes.first().copied().unwrap_or_default())
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or("the piece ends within a value")?;
        self.rest = rest;
        Ok(taken)
    }

    /// An unsigned number of variable length.
    pub(super) fn number(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number is too long".to_owned())
    }

    /// The length of a list, or the number of a variant, which is copied.
    pub(super) fn len(&mut self, out: &mut Vec<u8>) -> Result<u64, String> {
        let number = self.number()?;
        put_number(number, out);
        Ok(number)
    }
}

/// Adds an unsigned number of variable length.
pub(super) fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
