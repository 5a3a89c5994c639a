//! Splices hooks into a config. Every other byte of it stays the same (docs/spec.md, section 6).

use std::ops::Range;

use super::plan::Plan;
use crate::container::{Config, End, Hooks, StageEntries};
use crate::hook::Stage;
use crate::loaded_hook::LoadedHook;

impl Plan<'_> {
    /// Returns the config with the hooks added.
    pub fn splice(&self, config: &Config<'_>) -> String {
        let mut edits = Edits::default();
        if self.any {
            match &config.hooks {
                Hooks::Absent => edits.add(config.end, self.members("\"hooks\":{", "}", |_| true)),
                Hooks::Null(range) => edits.put(range.clone(), self.members("{", "}", |_| true)),
                Hooks::Object { end, stages } => self.splice_stages(&mut edits, *end, stages),
            }
        }
        edits.apply(config.text)
    }

    fn splice_stages(
        &self,
        edits: &mut Edits,
        end: End,
        stages: &[StageEntries; Stage::ALL.len()],
    ) {
        for (hooks, entries) in
            self.stages.iter().zip(stages).filter(|(hooks, _)| !hooks.is_empty())
        {
            match entries {
                StageEntries::Absent => {}
                StageEntries::Null(range) => edits.put(range.clone(), elements("[", hooks, "]")),
                StageEntries::Array { end, .. } => edits.add(*end, elements("", hooks, "")),
            }
        }
        let absent = |index: usize| matches!(stages.get(index), Some(StageEntries::Absent));
        let members = self.members("", "", absent);
        if !members.is_empty() {
            edits.add(end, members);
        }
    }

    /// Returns the members of `hooks` for the wanted stages that have hooks, between two strings.
    fn members(&self, before: &str, after: &str, wanted: impl Fn(usize) -> bool) -> String {
        let of_stage =
            |(stage, hooks): (Stage, &Vec<&LoadedHook>)| stage.as_str().len() + 6 + length(hooks);
        let size: usize = Stage::ALL.into_iter().zip(&self.stages).map(of_stage).sum();
        let mut members = String::with_capacity(before.len() + size + after.len());
        members.push_str(before);
        let mut comma = "";
        for (index, (stage, hooks)) in Stage::ALL.iter().zip(&self.stages).enumerate() {
            if !hooks.is_empty() && wanted(index) {
                for part in [comma, "\"", stage.as_str(), "\":["] {
                    members.push_str(part);
                }
                push_elements(&mut members, hooks);
                members.push(']');
                comma = ",";
            }
        }
        members.push_str(after);
        members
    }
}

/// Returns hooks as the elements of an array, between two strings.
fn elements(before: &str, hooks: &[&LoadedHook], after: &str) -> String {
    let mut elements = String::with_capacity(before.len() + length(hooks) + after.len());
    elements.push_str(before);
    push_elements(&mut elements, hooks);
    elements.push_str(after);
    elements
}

fn push_elements(out: &mut String, hooks: &[&LoadedHook]) {
    for (index, hook) in hooks.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&hook.injected().entry);
    }
}

/// Returns the length of hooks as elements, each with a comma.
fn length(hooks: &[&LoadedHook]) -> usize {
    hooks.iter().map(|hook| hook.injected().entry.len() + 1).sum()
}

/// Changes to a string.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces a range by a new string. The edits are few; they are kept in order.
    fn put(&mut self, range: Range<usize>, new: String) {
        let at = self.0.partition_point(|(earlier, _)| earlier.start <= range.start);
        self.0.insert(at, (range, new));
    }

    /// Adds members to an object, or elements to an array.
    fn add(&mut self, end: End, new: String) {
        let place = end.offset..end.offset;
        if !end.empty {
            self.put(place.clone(), ",".to_owned());
        }
        self.put(place, new);
    }

    fn apply(self, config: &str) -> String {
        let added: usize = self.0.iter().map(|(_, new)| new.len()).sum();
        let mut out = String::with_capacity(config.len() + added);
        let mut done = 0;
        for (range, new) in &self.0 {
            out.push_str(config.get(done..range.start).unwrap_or_default());
            out.push_str(new);
            done = range.end;
        }
        out.push_str(config.get(done..).unwrap_or_default());
        out
    }
}

/// Returns the hooks of a plan whose entry the config already has at that stage. The time is
/// proportional to both, times the logarithm of the number of hooks.
pub(crate) fn already_present<'p>(
    config: &Config<'_>,
    plan: &Plan<'p>,
) -> Vec<(Stage, &'p LoadedHook)> {
    let Hooks::Object { stages, .. } = &config.hooks else { return Vec::new() };
    let mut found = Vec::new();
    for ((stage, hooks), entries) in Stage::ALL.into_iter().zip(&plan.stages).zip(stages) {
        let entries = match entries {
            StageEntries::Array { entries, .. } => &entries[..],
            StageEntries::Absent | StageEntries::Null(_) => &[],
        };
        let prestart = if stage == Stage::CreateRuntime { &config.prestart[..] } else { &[] };
        if hooks.is_empty() || entries.is_empty() && prestart.is_empty() {
            continue;
        }
        let wanted =
            hooks.iter().map(|hook| normalised(&hook.injected().entry).unwrap_or_default());
        let wanted: Vec<String> = wanted.collect();
        let entries = entries.iter().chain(prestart);
        let entries =
            entries.filter_map(|range| config.text.get(range.clone()).and_then(normalised));
        let present = hooks.iter().zip(find_among(&wanted, entries));
        found.extend(present.filter(|(_, is_present)| *is_present).map(|(hook, _)| (stage, *hook)));
    }
    found
}

/// Returns for each element of `wanted` whether it is among `candidates`.
fn find_among<T: Ord>(wanted: &[T], candidates: impl Iterator<Item = T>) -> Vec<bool> {
    let mut sorted: Vec<&T> = wanted.iter().collect();
    sorted.sort();
    let mut is_present = vec![false; sorted.len()];
    // (The first of several equal elements.)
    let first = |element: &T| sorted.partition_point(|known| *known < element);
    for candidate in candidates {
        let first = first(&candidate);
        if let (Some(known), Some(is_present)) = (sorted.get(first), is_present.get_mut(first)) {
            *is_present |= **known == candidate;
        }
    }
    wanted.iter().map(|element| is_present.get(first(element)) == Some(&true)).collect()
}

/// Returns an entry in normal form: the members that decide what runs, sorted by key, without
/// whitespace. An empty list, or `null`, counts as absent.
fn normalised(entry: &str) -> Option<String> {
    let mut value: serde_json::Value = serde_json::from_str(entry).ok()?;
    value.as_object_mut()?.retain(|key, value| {
        matches!(&**key, "path" | "args" | "env" | "timeout")
            && !value.is_null()
            && value.as_array().is_none_or(|list| !list.is_empty())
    });
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;

    use super::*;

    /// A number that counts how often it is compared.
    struct Counted<'a>(usize, &'a Cell<usize>);

    impl Ord for Counted<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.set(self.1.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }

    impl Eq for Counted<'_> {}

    #[test]
    fn equal_entries_are_found_with_few_comparisons() {
        for count in [64_usize, 1024, 16_384] {
            let compared = Cell::new(0);
            // Each number once, in another order; every second number is a candidate.
            let number = |index: usize| Counted(index * 37 % count, &compared);
            let wanted: Vec<Counted<'_>> = (0..count).map(number).collect();
            let candidates = (0..count).rev().map(|index| Counted(index * 2, &compared));
            let found = find_among(&wanted, candidates);
            for (wanted, found) in wanted.iter().zip(found) {
                assert_eq!(found, wanted.0 % 2 == 0, "{}", wanted.0);
            }
            // For sorting, and for searching each number of both lists.
            let max = 4 * count * (count.ilog2() as usize + 1);
            assert!(compared.get() <= max, "{} comparisons of {count}", compared.get());
        }
    }
}
