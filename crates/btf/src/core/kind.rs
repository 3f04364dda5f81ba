//! What a relocation asks: `enum bpf_core_relo_kind` in `include/uapi/linux/bpf.h`.

/// What a CO-RE relocation asks of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum RelocationKind {
    /// Offset of a field, in bytes.
    FieldByteOffset = 0,
    /// Size of a field, in bytes.
    FieldByteSize = 1,
    /// Whether a field exists.
    FieldExists = 2,
    /// Whether a field is signed.
    FieldSigned = 3,
    /// Left shift that puts a field at the top of 64 bits.
    FieldLshiftU64 = 4,
    /// Right shift that follows it.
    FieldRshiftU64 = 5,
    /// Type id in the object.
    TypeIdLocal = 6,
    /// Type id in the kernel.
    TypeIdTarget = 7,
    /// Whether a type exists.
    TypeExists = 8,
    /// Size of a type, in bytes.
    TypeSize = 9,
    /// Whether an enumerator exists.
    EnumvalExists = 10,
    /// Value of an enumerator.
    EnumvalValue = 11,
    /// Whether a type exists and is shaped as the object thinks.
    TypeMatches = 12,
}

impl RelocationKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::FieldByteOffset,
        Self::FieldByteSize,
        Self::FieldExists,
        Self::FieldSigned,
        Self::FieldLshiftU64,
        Self::FieldRshiftU64,
        Self::TypeIdLocal,
        Self::TypeIdTarget,
        Self::TypeExists,
        Self::TypeSize,
        Self::EnumvalExists,
        Self::EnumvalValue,
        Self::TypeMatches,
    ];

    /// The kind with this number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// libbpf's word for it, such as `byte_off`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FieldByteOffset => "byte_off",
            Self::FieldByteSize => "byte_sz",
            Self::FieldExists => "field_exists",
            Self::FieldSigned => "signed",
            Self::FieldLshiftU64 => "lshift_u64",
            Self::FieldRshiftU64 => "rshift_u64",
            Self::TypeIdLocal => "local_type_id",
            Self::TypeIdTarget => "target_type_id",
            Self::TypeExists => "type_exists",
            Self::TypeSize => "type_size",
            Self::EnumvalExists => "enumval_exists",
            Self::EnumvalValue => "enumval_value",
            Self::TypeMatches => "type_matches",
        }
    }

    /// Whether it asks about a field.
    pub fn is_field_based(self) -> bool {
        matches!(
            self,
            Self::FieldByteOffset
                | Self::FieldByteSize
                | Self::FieldExists
                | Self::FieldSigned
                | Self::FieldLshiftU64
                | Self::FieldRshiftU64
        )
    }

    /// Whether it asks about an enumerator.
    pub fn is_enumval_based(self) -> bool {
        matches!(self, Self::EnumvalExists | Self::EnumvalValue)
    }

    /// Whether it asks about a whole type.
    pub fn is_type_based(self) -> bool {
        !self.is_field_based() && !self.is_enumval_based()
    }
}
