//! What a few commits add, gathered and packed in this process: a snapshot is a handful of objects, and a git that
//! packs them costs more than all else that is done with them. What is much, or not in a line, is git's.

use crate::bare::Bare;
use crate::error::Result;
use crate::id::CommitId;
use crate::reading::{Objects, to_gix};
use crate::writing::write_loose;
use flate2::{Compression, write::ZlibEncoder};
use gix_hash::ObjectId;
use gix_object::Kind;
use sha2::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// So many objects are packed here: what git would gain by describing one by another is little then.
const OBJECTS_MAX: usize = 500;

/// So many bytes are held and packed here.
const BYTES_MAX: u64 = 8 << 20;

/// Objects that commits add to those before them, whole; some of them may have been there already.
#[derive(Default)]
pub(crate) struct Added {
    objects: Vec<(ObjectId, Kind, Vec<u8>)>,
    seen: BTreeSet<ObjectId>,
    bytes: u64,
}

impl Added {
    /// What `tips` add to what is there with `known`; `None` where that is git's to say.
    pub(crate) fn by(objects: &Objects, tips: &[&CommitId], known: &[CommitId]) -> Option<Self> {
        let mut added = Self::default();
        for tip in tips {
            let mut at = (*tip).clone();
            while !known.contains(&at) && !added.seen.contains(&to_gix(&at).ok()?) {
                // Of a missing object git says more.
                let (_, facts) = objects.commit(&at).ok()??;
                let [parent] = facts.parents.as_slice() else { return None };
                let before = objects.commit(parent).ok()??.1.tree;
                added.take(objects, &to_gix(&at).ok()?)?;
                added.take_tree(objects, &to_gix(&facts.tree).ok()?, Some(&to_gix(&before).ok()?))?;
                at = parent.clone();
            }
        }
        Some(added)
    }

    /// Takes an object; `None` where it is too much.
    fn take(&mut self, objects: &Objects, id: &ObjectId) -> Option<()> {
        if !self.seen.insert(*id) {
            return Some(());
        }
        self.bytes += objects.size_of(id).ok()?;
        if self.bytes > BYTES_MAX || self.objects.len() >= OBJECTS_MAX {
            return None;
        }
        let mut buffer = Vec::new();
        let kind = objects.find(id, &mut buffer).ok()?.kind;
        self.objects.push((*id, kind, buffer));
        Some(())
    }

    /// Takes a tree with all in it that another does not have at the same place.
    fn take_tree(&mut self, objects: &Objects, new: &ObjectId, old: Option<&ObjectId>) -> Option<()> {
        if old == Some(new) || self.seen.contains(new) {
            return Some(());
        }
        self.take(objects, new)?;
        let before = match old {
            Some(old) => objects.entries(old).ok()?,
            None => Vec::new(),
        };
        let before: BTreeMap<_, _> = before.into_iter().map(|(name, mode, id)| (name, (mode, id))).collect();
        for (name, mode, id) in objects.entries(new).ok()? {
            let old = before.get(&name);
            if old.is_some_and(|(_, old)| *old == id) || mode.is_commit() {
                continue;
            }
            if mode.is_tree() {
                let old = old.filter(|(mode, _)| mode.is_tree()).map(|(_, old)| old);
                self.take_tree(objects, &id, old)?;
            } else {
                self.take(objects, &id)?;
            }
        }
        Some(())
    }

    /// Writes them as one pack (gitformat-pack(5)), which has no index yet, into a directory of ours. Gives its path, or
    /// `None` where there is nothing to pack.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn pack_into(&self, directory: &Path, durability: Durability) -> Result<Option<PathBuf>> {
        let Some((first, _, _)) = self.objects.first() else { return Ok(None) };
        let count = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        let mut pack = [b"PACK".as_slice(), &2_u32.to_be_bytes(), &count.to_be_bytes()].concat();
        for (_, kind, content) in &self.objects {
            pack.extend(head(*kind, content.len()));
            let mut packed = ZlibEncoder::new(pack, Compression::fast());
            packed.write_all(content)?;
            pack = packed.finish()?;
        }
        let sum = match first.kind() {
            gix_hash::Kind::Sha256 => sha2::Sha256::digest(&pack).to_vec(),
            _ => sha1::Sha1::digest(&pack).to_vec(),
        };
        pack.extend_from_slice(&sum);
        let name: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = directory.join(format!("pack-{name}.pack"));
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create_new(true).options_mut().mode(0o444);
        let mut file = options.open(&path)?;
        file.write_all(&pack)?;
        match durability {
            Durability::Synced => file.sync_all()?,
            Durability::Lazy => {}
        }
        Ok(Some(path))
    }

    /// Writes those that a repository lacks into it as loose objects, what is referred to before what refers to it,
    /// each synced; gives whether that was done. It is not where there are many: then one pack costs less.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn add_to(&self, bare: &Bare, there: &Objects) -> Result<bool> {
        const MOST: usize = 12;
        let missing: Vec<_> = self.objects.iter().filter(|(id, ..)| there.size_of(id).is_err()).collect();
        if missing.len() > MOST {
            return Ok(false);
        }
        for (id, kind, content) in missing.into_iter().rev() {
            let object = [format!("{kind} {}\0", content.len()).as_bytes(), content].concat();
            write_loose(bare, &id.to_hex().to_string(), &object, Durability::Synced)?;
        }
        Ok(true)
    }

    /// Writes those that are missing as loose objects below a directory of objects that is being made. Not synced.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn lay_into(&self, directory: &Path) -> Result<()> {
        for (id, kind, content) in &self.objects {
            let id = id.to_hex().to_string();
            let (fan_out, name) = id.split_at(2);
            let path = directory.join(fan_out).join(name);
            if path.exists() {
                continue;
            }
            fs_err::create_dir_all(directory.join(fan_out))?;
            let mut options = fs_err::OpenOptions::new();
            options.write(true).create_new(true).options_mut().mode(0o444);
            let mut loose = ZlibEncoder::new(options.open(path)?, Compression::fast());
            write!(loose, "{kind} {}\0", content.len())?;
            loose.write_all(content)?;
            loose.finish()?;
        }
        Ok(())
    }
}

/// Whether what is written outlives a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It does.
    Synced,
    /// It is needed for a moment, or copied elsewhere.
    Lazy,
}

/// What an object in a pack begins with: its kind, and its size in bytes as a number of seven bits a byte, the
/// lowest first, of which the first byte has four.
fn head(kind: Kind, size: usize) -> Vec<u8> {
    let kind: u8 = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let (mut bytes, mut rest) = (Vec::new(), size >> 4);
    let mut byte = kind << 4 | (size & 0xf) as u8;
    while rest > 0 {
        bytes.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    bytes.push(byte);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Identity, Signature};
    use crate::transfer::{Load, bring};
    use crate::writing::commit;

    struct Scene {
        dir: tempfile::TempDir,
        bare: Bare,
    }

    impl Scene {
        fn new(format: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let bare = Bare::create(&dir.path().join("a.git"), format).unwrap();
            Self { dir, bare }
        }

        fn blob(&self, text: &str) -> CommitId {
            self.bare.git("hash-object").args(["-w", "--stdin"]).stdin(text).object().unwrap()
        }

        fn tree(&self, entries: &str) -> CommitId {
            self.bare.git("mktree").arg("--missing").stdin(entries).object().unwrap()
        }

        fn commit(&self, tree: &CommitId, parent: Option<&CommitId>) -> CommitId {
            let who = Identity { name: "Ada".into(), email: "a@b".into() };
            let signature = Signature { who, at: jiff::Timestamp::UNIX_EPOCH };
            commit(&self.bare, tree, parent, "Work", &signature).unwrap()
        }

        /// Three commits: one to begin with, and two with changed, new, moved and removed files.
        fn line(&self) -> [CommitId; 3] {
            let (one, two) = (self.blob("one\n"), self.blob(&"two\n".repeat(5_000)));
            let inner = self.tree(&format!("100644 blob {one}\ta\n100755 blob {two}\tb\n"));
            let first = self.tree(&format!("040000 tree {inner}\tdir\n100644 blob {one}\tfile\n"));
            let first = self.commit(&first, None);
            let three = self.blob("three\n");
            let pin = "1".repeat(one.as_str().len());
            let deep = self.tree(&format!("040000 tree {inner}\tmoved\n100644 blob {three}\ta\n"));
            let second = self.tree(&format!("040000 tree {deep}\tdir\n160000 commit {pin}\tsub\n"));
            let second = self.commit(&second, Some(&first));
            let third = self.tree(&format!("120000 blob {three}\tdir\n100644 blob {two}\tfile\n"));
            [first, second.clone(), self.commit(&third, Some(&second))]
        }

        fn added(&self, tips: &[&CommitId], known: &[CommitId]) -> Option<Added> {
            Added::by(&Objects::of(&self.bare, tips[0]).unwrap(), tips, known)
        }
    }

    /// All objects of some commits that others do not have, as git lists them.
    fn by_git(bare: &Bare, tip: &CommitId, known: &CommitId) -> BTreeSet<String> {
        let list = bare.git("rev-list").args(["--objects", tip.as_str(), &format!("^{known}")]);
        let answer = String::from_utf8(list.answer().unwrap()).unwrap();
        answer.lines().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
    }

    #[test]
    fn a_pack_has_all_that_git_would_pack_and_git_takes_it() {
        for format in ["sha1", "sha256"] {
            let scene = Scene::new(format);
            let [first, second, third] = scene.line();
            for (tips, known) in
                [(vec![&third], &first), (vec![&second, &third], &first), (vec![&third], &second)]
            {
                let added = scene.added(&tips, std::slice::from_ref(known)).unwrap();
                let has: BTreeSet<String> = added.seen.iter().map(|id| id.to_hex().to_string()).collect();
                assert!(has.is_superset(&by_git(&scene.bare, &third, known)), "{format}");
                let place = tempfile::tempdir_in(scene.dir.path()).unwrap();
                let pack = added.pack_into(place.path(), Durability::Lazy).unwrap().unwrap();
                scene.bare.git("index-pack").arg("--strict").arg(&pack).done().unwrap();
                let listed = scene.bare.git("verify-pack").arg("-v").arg(&pack).answer().unwrap();
                let listed = String::from_utf8(listed).unwrap();
                assert!(has.iter().all(|id| listed.contains(id)), "{listed}");
            }
        }
    }

    #[test]
    fn loose_objects_are_those_that_git_reads() {
        let scene = Scene::new("sha1");
        let [first, second, third] = scene.line();
        let added = scene.added(&[&third], std::slice::from_ref(&first)).unwrap();
        let other = Bare::create(&scene.dir.path().join("b.git"), "sha1").unwrap();
        for _ in 0..2 {
            added.lay_into(&other.path().join("objects")).unwrap();
        }
        for id in by_git(&scene.bare, &third, &first) {
            let of = |bare: &Bare| bare.git("cat-file").args(["-p", &id]).answer().unwrap();
            assert_eq!(of(&scene.bare), of(&other));
        }
        assert!(other.contains(&second).unwrap() && !other.path().join("objects/pack").join("x").exists());
    }

    #[test]
    fn what_is_much_or_begins_or_joins_is_left_to_git() {
        let scene = Scene::new("sha1");
        let [first, _, third] = scene.line();
        assert!(scene.added(&[&third], &[]).is_none(), "the first commit has no parent to add to");
        assert!(scene.added(&[&third], std::slice::from_ref(&third)).unwrap().objects.is_empty());
        let many: String = (0..OBJECTS_MAX)
            .map(|n| format!("100644 blob {}\tf{n:04}\n", scene.blob(&n.to_string())))
            .collect();
        let many = scene.commit(&scene.tree(&many), Some(&third));
        assert!(scene.added(&[&many], std::slice::from_ref(&first)).is_none());
        let large = scene.blob(&"x".repeat(9 << 20));
        let large = scene.commit(&scene.tree(&format!("100644 blob {large}\tlarge\n")), Some(&third));
        assert!(scene.added(&[&large], &[first]).is_none());
    }

    #[test]
    fn a_few_objects_are_brought_one_by_one_and_many_as_a_pack() {
        let scene = Scene::new("sha1");
        let [first, _, third] = scene.line();
        let blobs: Vec<CommitId> = (0..20).map(|number| scene.blob(&format!("{number}\n"))).collect();
        let names =
            blobs.iter().enumerate().map(|(number, blob)| format!("100644 blob {blob}\tf{number:02}\n"));
        let many = scene.commit(&scene.tree(&names.collect::<String>()), Some(&third));
        let other = Bare::create(&scene.dir.path().join("b.git"), "sha1").unwrap();
        let mut known = Vec::new();
        for (tip, packs) in [(first, 1), (third, 1), (many, 2)] {
            let load = Load { from: scene.bare.path(), tips: vec![&tip], known: known.clone(), check: None };
            bring(&other, load).unwrap();
            let files = std::fs::read_dir(other.path().join("objects/pack")).unwrap().flatten();
            let found = files.filter(|file| file.path().extension().is_some_and(|end| end == "pack")).count();
            assert_eq!(found, packs);
            other.git("fsck").args(["--strict", "--no-dangling", tip.as_str()]).done().unwrap();
            known = vec![tip];
        }
    }
}
