//! The points between two system calls at which another process may act.

/// The step that has just been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// A directory on the path was opened; the next component is opened next.
    Component,
    /// The path was resolved.
    Walked,
    /// The type of the old file is known; the file is opened next.
    Seen,
    /// The old file is open.
    Opened,
    /// The new file exists, without content.
    Created,
    /// The new file is complete, and has no name or a temporary one.
    Filled,
    /// The old file was compared for the last time; the new one gets its final name next.
    Compared,
    /// The new file has its final name, and the old one the temporary name.
    Exchanged,
    /// A change by another process was found.
    Conflicted,
}

/// In the unit tests, calls the callback that acts as the other process. Otherwise does nothing.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn step(_: Step) {}

#[cfg(test)]
pub(super) use tests::step;

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;

    use super::Step;

    type Act = Box<dyn FnMut(Step)>;

    thread_local! {
        static OTHER: RefCell<Option<Act>> = const { RefCell::new(None) };
    }

    pub(in super::super) fn step(step: Step) {
        OTHER.with_borrow_mut(|other| {
            if let Some(act) = other {
                act(step);
            }
        });
    }

    /// Calls `act` at each step of this thread while `during` runs.
    pub(in super::super) fn with<T>(
        act: impl FnMut(Step) + 'static,
        during: impl FnOnce() -> T,
    ) -> T {
        OTHER.set(Some(Box::new(act)));
        let done = during();
        OTHER.set(None);
        done
    }
}
