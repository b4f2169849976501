//! Tuples of reducers: a tuple of reducers is a reducer of the tuple of their arguments.

use super::{Input, ReduceError, Reducer};

impl Reducer<()> for () {
    type State = ();
    type Output = ();

    fn update(&self, (): &mut (), (): (), _diff: i64) {}

    fn output(&self, (): &()) -> Result<(), ReduceError> {
        Ok(())
    }
}

macro_rules! reducer_of_a_tuple {
    ($($reducer:ident $argument:ident $index:tt),+) => {
        impl<$($reducer, $argument),+> Reducer<($($argument,)+)> for ($($reducer,)+)
        where
            $($reducer: Reducer<$argument>),+
        {
            const ORDERED: bool = $($reducer::ORDERED)||+;

            type State = ($($reducer::State,)+);
            type Output = ($($reducer::Output,)+);

            fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
                $(self.$index.prepare(input)?;)+
                Ok(())
            }

            fn update(&self, state: &mut Self::State, argument: ($($argument,)+), diff: i64) {
                $(self.$index.update(&mut state.$index, argument.$index, diff);)+
            }

            fn update_row(&self, state: &mut Self::State, row: u64, argument: ($($argument,)+), diff: i64) {
                $(self.$index.update_row(&mut state.$index, row, argument.$index, diff);)+
            }

            fn finish_commit(&self, state: &mut Self::State) {
                $(self.$index.finish_commit(&mut state.$index);)+
            }

            fn output(&self, state: &Self::State) -> Result<Self::Output, ReduceError> {
                Ok(($(self.$index.output(&state.$index)?,)+))
            }
        }
    };
}

reducer_of_a_tuple!(R0 A0 0);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5, R6 A6 6);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5, R6 A6 6, R7 A7 7);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5, R6 A6 6, R7 A7 7, R8 A8 8);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5, R6 A6 6, R7 A7 7, R8 A8 8, R9 A9 9);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5, R6 A6 6, R7 A7 7, R8 A8 8, R9 A9 9, R10 A10 10);
reducer_of_a_tuple!(R0 A0 0, R1 A1 1, R2 A2 2, R3 A3 3, R4 A4 4, R5 A5 5, R6 A6 6, R7 A7 7, R8 A8 8, R9 A9 9, R10 A10 10, R11 A11 11);
