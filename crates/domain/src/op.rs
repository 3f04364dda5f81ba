//! The operations on scalars: arithmetic, and comparisons of conditional jumps.

/// An arithmetic operation on two scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarOp {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// Unsigned quotient.
    Div,
    /// Unsigned remainder.
    Mod,
    /// Signed quotient.
    Sdiv,
    /// Signed remainder.
    Smod,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Shift to the left.
    Lsh,
    /// Shift to the right that brings in zeros.
    Rsh,
    /// Shift to the right that brings in the sign.
    Arsh,
    /// Two's complement of the destination; the source is not looked at.
    Neg,
}

impl ScalarOp {
    /// Every operation.
    pub const ALL: [Self; 14] = [
        Self::Add,
        Self::Sub,
        Self::Mul,
        Self::Div,
        Self::Mod,
        Self::Sdiv,
        Self::Smod,
        Self::And,
        Self::Or,
        Self::Xor,
        Self::Lsh,
        Self::Rsh,
        Self::Arsh,
        Self::Neg,
    ];
}

/// What a conditional jump asks of its two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CondOp {
    /// `a == b`.
    Eq,
    /// `a != b`.
    Ne,
    /// `a & b`: some bit of `b` is set in `a`.
    Set,
    /// No bit of `b` is set in `a`: what holds where a jump by [`CondOp::Set`] is not taken. No insn asks for it.
    NotSet,
    /// Unsigned `a > b`.
    Gt,
    /// Unsigned `a >= b`.
    Ge,
    /// Unsigned `a < b`.
    Lt,
    /// Unsigned `a <= b`.
    Le,
    /// Signed `a > b`.
    Sgt,
    /// Signed `a >= b`.
    Sge,
    /// Signed `a < b`.
    Slt,
    /// Signed `a <= b`.
    Sle,
}

impl CondOp {
    /// Every comparison.
    pub const ALL: [Self; 12] = [
        Self::Eq,
        Self::Ne,
        Self::Set,
        Self::NotSet,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
        Self::Sgt,
        Self::Sge,
        Self::Slt,
        Self::Sle,
    ];

    /// What holds where this does not.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Set => Self::NotSet,
            Self::NotSet => Self::Set,
            Self::Gt => Self::Le,
            Self::Ge => Self::Lt,
            Self::Lt => Self::Ge,
            Self::Le => Self::Gt,
            Self::Sgt => Self::Sle,
            Self::Sge => Self::Slt,
            Self::Slt => Self::Sge,
            Self::Sle => Self::Sgt,
        }
    }

    /// The same question with the operands exchanged: `a op b` is `b op.flipped() a`.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Eq | Self::Ne | Self::Set | Self::NotSet => self,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Sgt => Self::Slt,
            Self::Sge => Self::Sle,
            Self::Slt => Self::Sgt,
            Self::Sle => Self::Sge,
        }
    }
}
