//! The messages of panics, which are written past everything else.

use std::panic;
use std::sync::Once;
use std::thread;

use crate::telemetry::interrupt_status;

/// Makes a status on the terminal make room for the message of a panic: once for the process.
///
/// The hook that was there writes the message as before. It may end the process, so that the status does not come back by itself.
pub(super) fn make_room() {
    static ONCE: Once = Once::new();
    // A hook cannot be set while the thread panics: the pipeline is run by a destructor.
    if thread::panicking() {
        return;
    }
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| interrupt_status(|| hook(info))));
    });
}
