//! Natural numbers of any size, for the one moment in which an exact result is made.

/// A natural number: limbs, least first, without zeros at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Natural(Vec<u64>);

impl From<u128> for Natural {
    fn from(number: u128) -> Self {
        Natural::of_limbs(vec![number as u64, (number >> 64) as u64])
    }
}

impl Natural {
    /// The number of these limbs, least first.
    pub(in super::super) fn of_limbs(mut limbs: Vec<u64>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Natural(limbs)
    }

    /// How many bits it has.
    pub(in super::super) fn bits(&self) -> u32 {
        self.0.last().map_or(0, |top| 64 * self.0.len() as u32 - top.leading_zeros())
    }

    pub(in super::super) fn bit(&self, bit: u32) -> bool {
        self.0.get(bit as usize / 64).is_some_and(|limb| limb >> (bit % 64) & 1 == 1)
    }

    pub(in super::super) fn times(&self, other: &Natural) -> Natural {
        let mut product = vec![0; self.0.len() + other.0.len()];
        for (at, a) in self.0.iter().enumerate() {
            let mut carry = 0;
            for (b, limb) in other.0.iter().zip(&mut product[at..]) {
                (*limb, carry) = a.carrying_mul_add(*b, *limb, carry);
            }
            product[at + other.0.len()] = carry;
        }
        Natural::of_limbs(product)
    }

    /// The number times 2^`by`.
    pub(in super::super) fn shifted(&self, by: u32) -> Natural {
        let (whole, bits) = (by as usize / 64, by % 64);
        let mut limbs = vec![0; whole];
        let mut carry = 0;
        for limb in &self.0 {
            limbs.push(limb << bits | carry);
            carry = limb.checked_shr(64 - bits).unwrap_or(0);
        }
        limbs.push(carry);
        Natural::of_limbs(limbs)
    }

    /// The number less another one; zero if that is larger.
    pub(in super::super) fn minus(&self, other: &Natural) -> Natural {
        let mut borrow = false;
        let difference = self.0.iter().enumerate().map(|(at, limb)| {
            let (limb, next) = limb.borrowing_sub(other.0.get(at).copied().unwrap_or(0), borrow);
            borrow = next;
            limb
        });
        let difference = difference.collect();
        let is_larger = other.0.len() > self.0.len();
        if borrow || is_larger { Natural(Vec::new()) } else { Natural::of_limbs(difference) }
    }

    /// The number as one of exactly `bits` bits, times 2^ of what is returned last, and whether that cuts anything off.
    pub(super) fn leading(&self, bits: u32) -> (Natural, bool, i32) {
        let too_many = self.bits().saturating_sub(bits);
        if too_many == 0 {
            let too_few = bits - self.bits();
            return (self.shifted(too_few), false, -(too_few as i32));
        }
        let (whole, shift) = (too_many as usize / 64, too_many % 64);
        let more = (0..too_many).any(|bit| self.bit(bit));
        let limbs = (whole..self.0.len()).map(|at| {
            let above = self.0.get(at + 1).copied().unwrap_or(0);
            self.0[at] >> shift | above.checked_shl(64 - shift).unwrap_or(0)
        });
        (Natural::of_limbs(limbs.collect()), more, too_many as i32)
    }
}
