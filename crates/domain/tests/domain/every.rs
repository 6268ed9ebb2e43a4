//! A list of every variant of an enum that cannot be forgotten.

/// Makes a function that gives one sample of every variant. The match has no wildcard arm: a new variant does
/// not compile before it has its sample, and so its row in every table.
macro_rules! every {
    ($name:ident -> $type:ty { $($pattern:pat => $sample:expr),+ $(,)? }) => {
        pub fn $name() -> Vec<$type> {
            fn has_a_sample(one: &$type) -> bool {
                match one {
                    $($pattern => true),+
                }
            }
            let all: Vec<$type> = vec![$($sample),+];
            let patterns: Vec<fn(&$type) -> bool> = vec![$(|one| matches!(one, $pattern)),+];
            assert!(all.iter().zip(patterns).all(|(one, is_it)| has_a_sample(one) && is_it(one)));
            all
        }
    };
}
