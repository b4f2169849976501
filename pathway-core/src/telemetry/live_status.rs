//! The status that a pipeline draws at the end of the terminal's output, and the lines that must not run into it.
//!
//! The cursor always stands where the next line goes: above the status. So a line that somebody writes without a word to anybody
//! is not lost, and neither a terminal with another size nor the end of the process leaves a status that nothing can take away.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Takes away everything from the cursor on.
const CLEAR: &str = "\r\x1b[J";
/// How long a line waits for the terminal. It takes nothing while somebody has stopped its output (Ctrl-S), and a pipeline that
/// logs elsewhere goes on.
const PATIENCE: Duration = Duration::from_millis(100);
/// Behind a line, the status is drawn again at once, so that it does not flicker; but not before this many times the time has passed
/// that it took the last time: many lines on a slow terminal are not held up by it.
const REDRAW_PAUSE: u32 = 9;

static SCREEN: Screen<fn(&str)> = Screen::new(write_to_stderr, REDRAW_PAUSE);

fn write_to_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    // Where the terminal is gone, nobody misses it.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Writes lines to the terminal, or to where they may get there: a status that is drawn makes room for them.
pub fn suspend_status<T>(write: impl FnOnce() -> T) -> T {
    SCREEN.suspend(true, write)
}

/// The same for lines behind which the process may end: the status comes back only when its owner draws it the next time.
pub fn interrupt_status<T>(write: impl FnOnce() -> T) -> T {
    SCREEN.suspend(false, write)
}

/// Takes the status away for good: the process ends.
pub fn close_status() {
    SCREEN.close();
}

/// The right to draw a status, which one pipeline of the process has. Dropping it takes the status away.
#[derive(Debug)]
pub struct LiveStatus(());

impl LiveStatus {
    /// `None`: another pipeline draws one.
    pub fn take() -> Option<Self> {
        SCREEN.take().then_some(LiveStatus(()))
    }

    /// Draws the status, or remembers it until nobody writes lines any more. The text leaves the cursor where it was.
    pub fn draw(&self, frame: String) {
        SCREEN.draw(frame);
    }
}

impl Drop for LiveStatus {
    fn drop(&mut self) {
        SCREEN.end();
    }
}

/// A terminal with a status. It is not locked while somebody writes to it.
struct Screen<O> {
    state: Mutex<State>,
    /// Signalled when something was written.
    written: Condvar,
    output: O,
    redraw_pause: u32,
}

struct State {
    is_taken: bool,
    is_closed: bool,
    /// What draws the status.
    frame: Option<String>,
    is_drawn: bool,
    /// A thread draws the status, or takes it away.
    is_writing: bool,
    /// How many threads write lines.
    suspended: usize,
    /// When the status can be drawn again behind a line.
    next_redraw: Option<Instant>,
}

impl<O: Fn(&str)> Screen<O> {
    const fn new(output: O, redraw_pause: u32) -> Self {
        let state = State {
            is_taken: false,
            is_closed: false,
            frame: None,
            is_drawn: false,
            is_writing: false,
            suspended: 0,
            next_redraw: None,
        };
        Screen { state: Mutex::new(state), written: Condvar::new(), output, redraw_pause }
    }

    fn take(&self) -> bool {
        let mut state = self.lock();
        let is_free = !state.is_taken && !state.is_closed;
        state.is_taken |= is_free;
        is_free
    }

    fn draw(&self, frame: String) {
        let mut state = self.until_written(Duration::MAX);
        if !state.is_closed {
            state.frame = Some(frame);
            self.draw_again(state);
        }
    }

    /// Draws the status if it is there, and nobody writes lines. Returns whether it was drawn.
    fn draw_again(&self, state: MutexGuard<'_, State>) -> bool {
        let frame = state.frame.clone().filter(|_| state.suspended == 0 && !state.is_writing);
        frame.map(|frame| self.write(state, &frame, true)).is_some()
    }

    fn suspend<T>(&self, redraws: bool, write: impl FnOnce() -> T) -> T {
        let mut state = self.lock();
        state.suspended += 1;
        drop(state);
        self.clear();
        let _resumed = Resume { screen: self, redraws };
        write()
    }

    fn end(&self) {
        let mut state = self.lock();
        (state.frame, state.is_taken) = (None, false);
        drop(state);
        self.clear();
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.end();
    }

    /// Takes the status away, if it is there.
    fn clear(&self) {
        let state = self.until_written(PATIENCE);
        if state.is_drawn && !state.is_writing {
            self.write(state, CLEAR, false);
        }
    }

    /// Waits until nobody writes to the terminal, but no longer than this.
    fn until_written(&self, patience: Duration) -> MutexGuard<'_, State> {
        let waited = self.written.wait_timeout_while(self.lock(), patience, |state| state.is_writing);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn write(&self, mut state: MutexGuard<'_, State>, text: &str, is_drawn: bool) {
        state.is_writing = true;
        drop(state);
        (self.output)(text);
        let mut state = self.lock();
        (state.is_writing, state.is_drawn) = (false, is_drawn);
        // It was ended meanwhile, by somebody who has not waited.
        if is_drawn && state.frame.is_none() {
            return self.write(state, CLEAR, false);
        }
        drop(state);
        self.written.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread has written its lines, or has panicked over them.
struct Resume<'a, O: Fn(&str)> {
    screen: &'a Screen<O>,
    redraws: bool,
}

impl<O: Fn(&str)> Drop for Resume<'_, O> {
    fn drop(&mut self) {
        let mut state = self.screen.lock();
        state.suspended -= 1;
        let begin = Instant::now();
        let is_due = state.next_redraw.is_none_or(|next| begin >= next);
        if self.redraws && is_due && self.screen.draw_again(state) {
            let took = begin.elapsed();
            self.screen.lock().next_redraw = begin.checked_add(took.saturating_mul(self.screen.redraw_pause));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn frame(text: &str) -> String {
        text.to_owned()
    }

    /// What was written to a screen, piece by piece.
    fn recorded(test: impl FnOnce(&Screen<&(dyn Fn(&str) + Sync)>, &dyn Fn() -> Vec<String>)) {
        let written = Mutex::new(Vec::new());
        let output = |text: &str| written.lock().expect("no panic").push(text.to_owned());
        let screen = Screen::new(&output as &(dyn Fn(&str) + Sync), u32::MAX);
        test(&screen, &|| std::mem::take(&mut *written.lock().expect("no panic")));
    }

    #[test]
    fn a_status_makes_room_for_lines_and_comes_back() {
        recorded(|screen, written| {
            assert_eq!(screen.suspend(true, || 7), 7);
            assert!(screen.take() && !screen.take());
            screen.draw(frame("one"));
            screen.suspend(true, || assert_eq!(written(), ["one", CLEAR]));
            assert_eq!(written(), ["one"]);
            // Soon behind it: its owner draws it.
            screen.suspend(true, || assert_eq!(written(), [CLEAR]));
            assert_eq!(written(), [""; 0]);
            screen.draw(frame("two"));
            screen.suspend(false, || screen.draw(frame("three")));
            assert_eq!(written(), ["two", CLEAR]);
            screen.draw(frame("four"));
            screen.end();
            assert_eq!(written(), ["four", CLEAR]);
            screen.suspend(true, || ());
            assert!(screen.take());
            screen.close();
            screen.draw(frame("five"));
            assert_eq!((written(), screen.take()), (vec![], false));
        });
    }

    #[test]
    fn lines_may_be_written_inside_of_others_and_may_panic() {
        recorded(|screen, written| {
            screen.take();
            screen.draw(frame("one"));
            screen.suspend(true, || {
                screen.suspend(true, || ());
                assert_eq!(written(), ["one", CLEAR]);
                screen.draw(frame("two"));
            });
            assert_eq!(written(), ["two"]);
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                screen.suspend(true, || std::panic::resume_unwind(Box::new(())));
            }));
            assert!(panicked.is_err());
            screen.draw(frame("three"));
            assert_eq!(written(), [CLEAR, "three"]);
        });
    }

    /// Somebody has stopped the output of the terminal.
    #[test]
    fn a_terminal_that_takes_nothing_holds_up_no_line() {
        let (stuck, begun) = mpsc::channel();
        let (go_on, waits) = mpsc::channel::<()>();
        let (waits, written) = (Mutex::new(waits), Mutex::new(Vec::new()));
        let screen = Screen::new(
            |text: &str| {
                if text == "one" {
                    stuck.send(()).expect("the test");
                    let _ = waits.lock().expect("no panic").recv();
                }
                written.lock().expect("no panic").push(text.to_owned());
            },
            0,
        );
        screen.take();
        std::thread::scope(|scope| {
            let drawing = scope.spawn(|| screen.draw(frame("one")));
            begun.recv().expect("it is drawn");
            assert_eq!(screen.suspend(true, || 7), 7);
            screen.end();
            go_on.send(()).expect("it waits");
            drawing.join().expect("no panic");
        });
        assert_eq!(*written.lock().expect("no panic"), ["one", CLEAR]);
    }
}
