//! Processes, as /proc describes them.

use std::fs;

/// The fields of `/proc/PID/stat` that matter here (proc_pid_stat(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub state: u8,
    pub parent: libc::pid_t,
    pub group: libc::pid_t,
    pub session: libc::pid_t,
    /// The controlling terminal; 0 if there is no terminal.
    pub terminal: i32,
    /// The foreground process group of that terminal.
    pub foreground_group: libc::pid_t,
    /// The start time of the process, in clock ticks. Together with its number, this identifies it.
    pub started: u64,
}

impl Stat {
    pub fn of(pid: libc::pid_t) -> Option<Stat> {
        Stat::read(&format!("/proc/{pid}/stat"))
    }

    pub fn of_this_process() -> Option<Stat> {
        Stat::read("/proc/self/stat")
    }

    fn read(path: &str) -> Option<Stat> {
        // A program's name can be any bytes.
        Stat::parse(&fs::read(path).ok()?)
    }

    fn parse(line: &[u8]) -> Option<Stat> {
        // The name in parentheses may contain spaces and parentheses.
        let end_of_name = line.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(line.get(end_of_name + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        Some(Stat {
            state: *fields.next()?.as_bytes().first()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            terminal: fields.next()?.parse().ok()?,
            foreground_group: fields.next()?.parse().ok()?,
            // From field 8 to field 22.
            started: fields.nth(13)?.parse().ok()?,
        })
    }

    /// Returns whether it has ended and only waits to be reaped.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// Returns whether it runs no code until another process continues it.
    fn stands_still(&self) -> bool {
        self.has_ended() || matches!(self.state, b'T' | b't')
    }
}

/// Returns whether /proc shows this process by its own number. The /proc of another PID namespace
/// uses other numbers.
pub(crate) fn are_visible() -> bool {
    let shown = fs::read_link("/proc/self").ok();
    shown.is_some_and(|shown| {
        shown.as_os_str().to_str() == Some(std::process::id().to_string().as_str())
    })
}

/// Returns whether all threads of a process are stopped, or it has ended.
pub(crate) fn is_stopped(pid: libc::pid_t) -> bool {
    numbers(&format!("/proc/{pid}/task")).all(|thread| {
        Stat::read(&format!("/proc/{pid}/task/{thread}/stat"))
            .is_none_or(|stat| stat.stands_still())
    })
}

/// Returns the children of a process, which any of its threads may have started.
pub(crate) fn children(pid: libc::pid_t) -> Vec<libc::pid_t> {
    if fs::exists("/proc/thread-self/children").unwrap_or(false) {
        listed_children(pid)
    } else {
        children_by_parent(pid)
    }
}

fn listed_children(pid: libc::pid_t) -> Vec<libc::pid_t> {
    let list = |thread| {
        fs::read_to_string(format!("/proc/{pid}/task/{thread}/children")).unwrap_or_default()
    };
    let lists: Vec<String> = numbers(&format!("/proc/{pid}/task")).map(list).collect();
    lists
        .iter()
        .flat_map(|list| list.split_ascii_whitespace())
        .filter_map(|child| child.parse().ok())
        .collect()
}

/// Does the same on a kernel without lists of children (`CONFIG_PROC_CHILDREN`).
fn children_by_parent(pid: libc::pid_t) -> Vec<libc::pid_t> {
    numbers("/proc")
        .filter(|&child| Stat::of(child).is_some_and(|stat| stat.parent == pid))
        .collect()
}

/// Returns the entries of a directory that are numbers.
fn numbers(directory: &str) -> impl Iterator<Item = libc::pid_t> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_parsed() {
        let line = b"77 (a ) R 1 (\xff) S 5 6 7 34816 6 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987 1 2\n";
        let stat = Stat::parse(line).unwrap();
        let numbers = (stat.parent, stat.group, stat.session, stat.terminal, stat.foreground_group);
        assert_eq!((stat.state, numbers, stat.started), (b'S', (5, 6, 7, 34816, 6), 987));
        for broken in
            ["", "77 (a", "77 (a) S 5", "77 (a) S x 6 7 8 9 0 1 2 3 4 5 6 7 8 20 0 1 0 987"]
        {
            assert_eq!(Stat::parse(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn both_ways_of_finding_children_agree() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let (pid, own) = (child.id() as libc::pid_t, std::process::id() as libc::pid_t);
        assert!(are_visible() && !is_stopped(own));
        assert!(children_by_parent(own).contains(&pid));
        assert!(
            listed_children(own).contains(&pid),
            "the kernel does not list children (CONFIG_PROC_CHILDREN)"
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_stopped(pid) && !children(own).contains(&pid));
    }
}
