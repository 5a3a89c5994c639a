//! User namespaces: the ids that do not identify the owner of a file (user_namespaces(7)).

use std::fs;

/// The id of unmapped users and groups, unless an administrator has changed it.
pub(crate) const KERNEL_OVERFLOW: u32 = 65534;

/// The ids that files of unmapped users and groups appear to have in the process's user namespace.
/// `None`: the namespace maps all ids, so every id identifies its user or group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Overflow {
    pub uid: Option<u32>,
    pub gid: Option<u32>,
}

impl Overflow {
    /// Reads them for this process. If they cannot be read, every id counts as mapped.
    pub fn of_process() -> Overflow {
        let id = |map: &str, setting: &str| {
            fs::read_to_string(map).ok().filter(|map| !maps_all(map))?;
            let id = fs::read_to_string(setting).ok().and_then(|id| id.trim().parse().ok());
            Some(id.unwrap_or(KERNEL_OVERFLOW))
        };
        Overflow {
            uid: id("/proc/self/uid_map", "/proc/sys/kernel/overflowuid"),
            gid: id("/proc/self/gid_map", "/proc/sys/kernel/overflowgid"),
        }
    }
}

/// Returns whether every id is mapped. Each line of the map has the first id inside, the first id
/// outside, and the number of ids.
fn maps_all(map: &str) -> bool {
    let counts = map.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u64>().ok());
    counts.sum::<u64>() >= u64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_map_maps_all() {
        assert!(maps_all("         0          0 4294967295\n"));
        assert!(maps_all("0 0 65536\n65536 65536 4294901759\n"));
        assert!(!maps_all(""));
        assert!(!maps_all("0 1000 1\n1 100000 65536\n"));
    }
}
