//! Parsed BTF: ids, names, lookups.

use std::sync::{Arc, OnceLock};

use crate::index::NameIndex;
use crate::types::{Array, Composite, DataSec, Enum, FuncProto, Int};
use crate::{BtfError, Kind, Linkage, Type, parse};

/// A type's id: 0 is `void`, 1 the first type. Ids of split BTF go on where its base ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// `void`.
    pub const VOID: Self = Self(0);
}

impl std::fmt::Display for TypeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// Parsed and checked BTF. Cloning is cheap: the types are shared.
#[derive(Clone)]
pub struct Btf(Arc<Parsed>);

pub(crate) struct Parsed {
    pub(crate) base: Option<Arc<Btf>>,
    /// First id that is ours: 1, or the number of ids of the base.
    pub(crate) first_id: u32,
    /// First string offset that is ours: 0, or the size of the base's strings.
    pub(crate) first_string: u32,
    pub(crate) strings: String,
    /// The type section.
    pub(crate) words: Box<[u32]>,
    /// Where in `words` each type of ours starts.
    pub(crate) starts: Box<[u32]>,
    pub(crate) index: OnceLock<NameIndex>,
}

impl std::fmt::Debug for Btf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Btf")
            .field("first_id", &self.0.first_id)
            .field("types", &self.0.starts.len())
            .finish()
    }
}

impl Btf {
    /// Parses whole BTF, such as `/sys/kernel/btf/vmlinux` or an object's `.BTF` section.
    ///
    /// # Errors
    /// [`BtfError`] for anything that the kernel would not take as little-endian BTF, but for names: any
    /// name is taken, and bytes that are no UTF-8 become `?`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BtfError> {
        parse::parse(bytes, None).map(|parsed| Self(Arc::new(parsed)))
    }

    /// Parses split BTF, such as a module's, on top of `base`.
    ///
    /// # Errors
    /// As [`Btf::parse`].
    pub fn parse_split(bytes: &[u8], base: Arc<Self>) -> Result<Self, BtfError> {
        parse::parse(bytes, Some(base)).map(|parsed| Self(Arc::new(parsed)))
    }

    /// Types that have been checked.
    pub(crate) fn of(parsed: Arc<Parsed>) -> Self {
        Self(parsed)
    }

    pub(crate) fn parsed(&self) -> &Parsed {
        &self.0
    }

    /// The BTF that this one is split from.
    pub fn base(&self) -> Option<&Arc<Self>> {
        self.0.base.as_ref()
    }

    /// Number of ids: `void`, the base's types, and ours.
    pub fn len(&self) -> u32 {
        self.0.len()
    }

    /// Whether there is no type but `void`.
    pub fn is_empty(&self) -> bool {
        self.len() <= 1
    }

    /// The first id that is not the base's; 1 without a base.
    pub fn first_own_id(&self) -> TypeId {
        TypeId(self.0.first_id)
    }

    /// Ids of all types but `void`, the base's first.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = TypeId> + use<> {
        (1..self.len()).map(TypeId)
    }

    /// Ids of the types that are not the base's.
    pub fn own_ids(&self) -> impl DoubleEndedIterator<Item = TypeId> + use<> {
        (self.0.first_id..self.len()).map(TypeId)
    }

    /// The type with this id, if there is one.
    pub fn get(&self, id: TypeId) -> Option<Type<'_>> {
        if id.0 >= self.len() {
            return None;
        }
        let mut at = self;
        while id.0 < at.0.first_id {
            match &at.0.base {
                Some(base) => at = base,
                None => return Some(Type::Void),
            }
        }
        let start = at.0.starts[usize::try_from(id.0 - at.0.first_id).ok()?];
        Some(view(self, &at.0.words[usize::try_from(start).ok()?..]))
    }

    /// The type with this id; [`Type::Void`] for an id that is not of this BTF. Ids that came out of this
    /// BTF always have a type.
    pub fn ty(&self, id: TypeId) -> Type<'_> {
        self.get(id).unwrap_or(Type::Void)
    }

    /// The kind of the type with this id.
    pub fn kind(&self, id: TypeId) -> Kind {
        self.ty(id).kind()
    }

    /// The name of the type with this id (a tag's text); empty when it has none.
    pub fn name(&self, id: TypeId) -> &str {
        self.ty(id).name()
    }

    /// The string at this offset of the string section, as `.BTF.ext` refers to it.
    pub fn str_at(&self, offset: u32) -> Option<&str> {
        self.0.str_at(offset)
    }

    /// As [`Btf::str_at`], for offsets that parsing has checked.
    pub(crate) fn string(&self, offset: u32) -> &str {
        self.0.str_at(offset).unwrap_or("")
    }

    /// The first type with this name and kind, the base's first.
    pub fn find(&self, name: &str, kind: Kind) -> Option<TypeId> {
        self.find_all(name).find(|&id| self.kind(id) == kind)
    }

    /// All types with this name in the order of their ids. Tags have no name in this sense.
    pub fn find_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = TypeId> + use<'a> {
        self.layers().flat_map(move |btf| btf.own_index().named(btf, name))
    }

    /// This BTF and those that it is split from, the bottom one first.
    pub(crate) fn layers(&self) -> impl Iterator<Item = &Self> {
        let mut layers = Vec::new();
        let mut at = Some(self);
        while let Some(btf) = at {
            layers.push(btf);
            at = btf.0.base.as_deref();
        }
        layers.into_iter().rev()
    }

    pub(crate) fn own_index(&self) -> &NameIndex {
        self.0.index.get_or_init(|| NameIndex::new(self))
    }
}

impl Parsed {
    pub(crate) fn len(&self) -> u32 {
        // Parsing refuses more than u32::MAX ids.
        self.first_id + u32::try_from(self.starts.len()).unwrap_or(0)
    }

    /// One past the last string offset.
    pub(crate) fn strings_end(&self) -> u32 {
        self.first_string + u32::try_from(self.strings.len()).unwrap_or(0)
    }

    /// The words of a type from its head on; none for `void` and ids that do not exist.
    fn words_of(&self, id: TypeId) -> Option<&[u32]> {
        let mut at = self;
        while id.0 < at.first_id {
            at = &at.base.as_ref()?.0;
        }
        let start = *at.starts.get(usize::try_from(id.0 - at.first_id).ok()?)?;
        at.words.get(usize::try_from(start).ok()?..)
    }

    /// The kind alone, which is right even before the type was checked.
    pub(crate) fn raw_kind(&self, id: TypeId) -> Kind {
        self.words_of(id)
            .and_then(|words| Kind::from_number(words[1] >> 24 & 0x7f))
            .unwrap_or(Kind::Void)
    }

    /// Calls `each` with every type that this one holds by value, refers to as a modifier, or points to.
    pub(crate) fn edges(&self, id: TypeId, mut each: impl FnMut(TypeId)) {
        let Some(words) = self.words_of(id) else { return };
        let vlen = usize::try_from(words[1] & 0xff_ffff).unwrap_or(0);
        match self.raw_kind(id) {
            Kind::Array => each(TypeId(words[3])),
            Kind::Struct | Kind::Union => {
                words[3..3 + 3 * vlen].chunks_exact(3).for_each(|member| each(TypeId(member[1])));
            }
            Kind::Ptr
            | Kind::Typedef
            | Kind::Volatile
            | Kind::Const
            | Kind::Restrict
            | Kind::TypeTag => each(TypeId(words[2])),
            _ => {}
        }
    }

    /// How many members or parameters a decl tag on this type may name.
    pub(crate) fn components(&self, id: TypeId) -> u32 {
        let vlen = |id| self.words_of(id).map_or(0, |words| words[1] & 0xff_ffff);
        match self.raw_kind(id) {
            Kind::Struct | Kind::Union => vlen(id),
            Kind::Func => self.words_of(id).map_or(0, |words| vlen(TypeId(words[2]))),
            _ => 0,
        }
    }

    /// Whether a string starts at `offset` and ends within `max` bytes.
    pub(crate) fn name_len_within(&self, offset: u32, max: usize) -> Option<()> {
        let mut at = self;
        while offset < at.first_string {
            at = &at.base.as_ref()?.0;
        }
        let start = usize::try_from(offset - at.first_string).ok()?;
        if !at.strings.is_char_boundary(start) {
            return None;
        }
        let rest = at.strings.as_bytes().get(start..)?;
        rest[..max.min(rest.len())].contains(&0).then_some(())
    }

    pub(crate) fn str_at(&self, offset: u32) -> Option<&str> {
        let mut at = self;
        while offset < at.first_string {
            at = &at.base.as_ref()?.0;
        }
        let rest = at.strings.get(usize::try_from(offset - at.first_string).ok()?..)?;
        rest.split_once('\0').map(|(name, _)| name)
    }
}

/// Makes a view of the type whose words start here. `words` was checked by `parse`.
fn view<'a>(btf: &'a Btf, words: &'a [u32]) -> Type<'a> {
    let [name, info, third] = [words[0], words[1], words[2]];
    let (name, target) = (btf.string(name), TypeId(third));
    let kind_flag = info >> 31 == 1;
    let tail = |each: usize| {
        let len = usize::try_from(info & 0xff_ffff).unwrap_or(0) * each;
        &words[3..3 + len]
    };
    let composite = || Composite { name, size: third, btf, words: tail(3), kind_flag };
    match info >> 24 & 0x7f {
        1 => {
            let word = words[3];
            Type::Int(Int {
                name,
                size: third,
                bits: word & 0xff,
                offset: word >> 16 & 0xff,
                is_signed: word >> 24 & 1 != 0,
                is_char: word >> 24 & 2 != 0,
                is_bool: word >> 24 & 4 != 0,
            })
        }
        2 => Type::Ptr { target },
        3 => {
            Type::Array(Array { element: TypeId(words[3]), index: TypeId(words[4]), len: words[5] })
        }
        4 => Type::Struct(composite()),
        5 => Type::Union(composite()),
        6 => Type::Enum(Enum {
            name,
            size: third,
            is_signed: kind_flag,
            btf,
            words: tail(2),
            is_64: false,
        }),
        7 => Type::Fwd { name, is_union: kind_flag },
        8 => Type::Typedef { name, target },
        9 => Type::Volatile { target },
        10 => Type::Const { target },
        11 => Type::Restrict { target },
        12 => Type::Func { name, proto: target, linkage: Linkage::from_number(info & 0xff_ffff) },
        13 => Type::FuncProto(FuncProto { ret: target, btf, words: tail(2) }),
        14 => Type::Var { name, target, linkage: Linkage::from_number(words[3]) },
        15 => Type::DataSec(DataSec { name, size: third, words: tail(3) }),
        16 => Type::Float { name, size: third },
        17 => Type::DeclTag {
            value: name,
            target,
            component: u32::try_from(words[3].cast_signed()).ok(),
        },
        18 => Type::TypeTag { value: name, target, is_attribute: kind_flag },
        19 => Type::Enum64(Enum {
            name,
            size: third,
            is_signed: kind_flag,
            btf,
            words: tail(3),
            is_64: true,
        }),
        // Parsing lets no other kind through.
        _ => Type::Void,
    }
}
