//! Statements as named constants, listed so that a test can prepare every one on both engines.

/// Declares constants of SQL text and a list of them, `ALL`.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)+
        /// Every statement of this module.
        pub(crate) const ALL: &[&str] = &[$($name),+];
    };
}
