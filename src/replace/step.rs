//! The points between two system calls at which another process may act.

/// What has just been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// A directory of the path was reached; the next component is about to be opened.
    Component,
    /// The path was walked.
    Walked,
    /// The type of the old file is known; it is about to be opened.
    Seen,
    /// The old file is open.
    Opened,
    /// The new file exists, without content.
    Created,
    /// The new file is complete, and has no name or a temporary one.
    Filled,
    /// The new file is about to be given its place; the old one was compared for the last time.
    Compared,
    /// The new file has its place, and the old one the temporary name.
    Exchanged,
    /// It was found that another process had changed the file.
    Conflicted,
}

/// In the unit tests, calls what plays the other process. Nothing otherwise.
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

    /// Has `act` called at each step of this thread while `during` runs.
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
