#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tnum {
    pub value: u64,
    pub mask: u64,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub var_off: Tnum,
}
impl Scalar {
    pub fn unknown() -> Self {
        Self { var_off: Tnum { value: 0, mask: 0 } }
    }
    pub fn constant(_: u64) -> Self {
        Self::unknown()
    }
    pub fn const_value(&self) -> Option<u64> {
        None
    }
    pub fn is_const(&self) -> bool {
        false
    }
}
