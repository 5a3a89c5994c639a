//! Sorting as one piece of code: the standard library's is there once for each type that is sorted, and takes 7 kB.

use std::cmp::Ordering;

/// The list, of less than 2^32 elements, in order; what is equal stays as it was.
pub(crate) fn sorted<T>(list: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if list.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return list;
    }
    let mut order: Vec<u32> = (0..).take(list.len()).collect();
    sort_indexes(&mut order, &|a, b| match (list.get(a as usize), list.get(b as usize)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    let mut list: Vec<Option<T>> = list.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| list.get_mut(index as usize)?.take()).collect()
}

#[inline(never)]
fn sort_indexes(order: &mut [u32], compare: &dyn Fn(u32, u32) -> Ordering) {
    order.sort_by(|a, b| compare(*a, *b));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_and_is_stable() {
        for list in [vec![], vec![1], vec![1, 2, 3], vec![31, 12, 30, 11, 10, 32], (0..100).rev().collect()] {
            let mut wanted = list.clone();
            wanted.sort_by_key(|number| number / 10);
            assert_eq!(sorted(list, |a, b| (a / 10).cmp(&(b / 10))), wanted);
        }
    }
}
