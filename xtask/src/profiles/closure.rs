//! Which types a set of types needs: what they embed, whole; what they point to, at least its name.

use std::collections::HashMap;

use skep_btf::{Btf, Kind, Type, TypeId, essential_name};

/// How much of a type is kept. Only ever grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    /// Nothing.
    Not,
    /// A struct or union as a forward declaration; anything else as it is, over such declarations.
    Named,
    /// All of it.
    Whole,
}

/// The part of a BTF that is kept.
#[derive(Clone)]
pub(super) struct Closure<'a> {
    btf: &'a Btf,
    kept: Vec<Kept>,
    /// Types that a program could mean by one name: all of them are kept, or none.
    namesakes: std::rc::Rc<HashMap<(Kind, &'a str), Vec<TypeId>>>,
    todo: Vec<(TypeId, Kept)>,
}

fn slot(id: TypeId) -> usize {
    usize::try_from(id.0).unwrap_or(usize::MAX)
}

impl<'a> Closure<'a> {
    pub(super) fn new(btf: &'a Btf) -> Self {
        let mut namesakes: HashMap<_, Vec<TypeId>> = HashMap::new();
        for id in btf.ids() {
            if let Some(key) = name_key(btf, id) {
                namesakes.entry(key).or_default().push(id);
            }
        }
        let kept = vec![Kept::Not; slot(TypeId(btf.len()))];
        Self { btf, kept, namesakes: std::rc::Rc::new(namesakes), todo: Vec::new() }
    }

    pub(super) fn kept(&self, id: TypeId) -> Kept {
        self.kept.get(slot(id)).copied().unwrap_or(Kept::Not)
    }

    /// Keeps a type whole, with all that it needs.
    pub(super) fn keep(&mut self, id: TypeId) {
        self.todo.push((id, Kept::Whole));
        while let Some((id, how)) = self.todo.pop() {
            self.visit(id, how);
        }
    }

    fn visit(&mut self, id: TypeId, how: Kept) {
        let ty = self.btf.ty(id);
        let is_nameless = ty.composite().is_some_and(|composite| composite.name.is_empty());
        let how = if is_nameless { Kept::Whole } else { how };
        if id == TypeId::VOID || self.kept(id) >= how {
            return;
        }
        self.kept[slot(id)] = how;
        if let Some(key) = name_key(self.btf, id)
            && (how == Kept::Whole || ty.composite().is_none())
        {
            self.todo.extend(self.namesakes[&key].iter().map(|&id| (id, how)));
        }
        match ty {
            Type::Struct(composite) | Type::Union(composite) if how == Kept::Whole => {
                self.todo.extend(composite.members().map(|member| (member.ty, Kept::Whole)));
            }
            Type::Ptr { target } => self.todo.push((target, Kept::Named)),
            Type::Array(array) => {
                self.todo.extend([(array.element, how), (array.index, Kept::Whole)]);
            }
            Type::FuncProto(proto) => {
                self.todo.push((proto.ret, Kept::Whole));
                self.todo.extend(proto.params().map(|param| (param.ty, Kept::Whole)));
            }
            Type::Struct(_) | Type::Union(_) | Type::DataSec(_) | Type::DeclTag { .. } => {}
            other => self.todo.extend(other.target().map(|target| (target, how))),
        }
    }

    /// Keeps the per-CPU variables that need no struct beyond those that are kept already.
    pub(super) fn keep_variables(&mut self) {
        for id in self.btf.ids() {
            let ty = self.btf.ty(id);
            let Type::Var { target, .. } = ty else { continue };
            let mut held = self.btf.resolve(target);
            while let Type::Array(array) = self.btf.ty(held) {
                held = self.btf.resolve(array.element);
            }
            if !self.btf.kind(held).is_composite() || self.kept(held) == Kept::Whole {
                self.keep(id);
            }
        }
    }

    /// Structs and unions that are kept by name only.
    pub(super) fn declared(&self) -> Vec<TypeId> {
        self.btf
            .ids()
            .filter(|&id| self.kept(id) == Kept::Named && self.btf.kind(id).is_composite())
            .collect()
    }
}

/// What CO-RE looks a type up by; none for types that it does not look up.
fn name_key(btf: &Btf, id: TypeId) -> Option<(Kind, &str)> {
    let ty = btf.ty(id);
    let kind = match ty.kind() {
        Kind::Enum64 => Kind::Enum,
        kind @ (Kind::Struct | Kind::Union | Kind::Enum | Kind::Typedef) => kind,
        _ => return None,
    };
    (!ty.name().is_empty()).then(|| (kind, essential_name(ty.name())))
}
