//! Files, up and down.

use anaplan_bulk::Content;
use anaplan_core::Result;
use bytes::Bytes;
use futures_util::stream;

use crate::attempt::{CHUNK, Came};
use crate::deeds::Act;
use crate::ledger::{Asked, End, Slot, Told};
use crate::program::GARBAGE;

impl Act<'_> {
    pub(super) fn is_garbage(&self, bytes: &Bytes) -> bool {
        let garbage = GARBAGE.as_bytes();
        self.stage.program.has_garbage()
            && bytes.windows(garbage.len()).any(|window| window == garbage)
    }

    /// A table of items for the user's import, and its rows. The padding makes it large.
    fn table(&self, rows: u32, padding: u32) -> (Bytes, Vec<(String, String)>) {
        let rows: Vec<(String, String)> = (0..rows)
            .map(|index| {
                // Every other row is one that earlier uploads had as well.
                let code = match index % 2 {
                    0 => format!("F{}.{index}", self.user),
                    _ => format!("F{}.{:03}.{index}", self.user, self.number),
                };
                (code, format!("loaded {index} by step {}", self.number))
            })
            .collect();
        let mut text = String::from("Name,Code,Note\r\n");
        for (code, note) in &rows {
            text += &format!("Item {code},{code},{note}\r\n");
        }
        // Lines without fields are no rows.
        let line = "\r\n".repeat(32);
        while text.len() < padding as usize {
            text += &line;
        }
        (text.into(), rows)
    }

    /// Whatever the upload comes to, an import may load these rows sooner or later.
    fn expect(&self, content: &Bytes, rows: Vec<(String, String)>) {
        let mut ledger = self.stage.ledger();
        let own = &mut ledger.own[self.user];
        for (code, note) in &rows {
            let slot = own
                .items
                .entry(code.clone())
                .or_insert_with(|| Slot::new(None));
            slot.maybe(Some(Bytes::from(note.clone())));
        }
        own.contents.push((content.clone(), rows));
    }

    fn uploaded<T>(&self, content: &Bytes, came: &Came<T>) {
        let late = self.late();
        let slot = &mut self.stage.ledger().own[self.user].file;
        match came {
            Came::To(_) => slot.done(Some(content.clone()), late),
            Came::Failed(_) | Came::Dropped => {
                slot.maybe(None);
                slot.maybe(Some(content.clone()));
            }
        }
    }

    /// Right after an upload the file has what was sent, if nothing older is on its way.
    fn check_file(&self) {
        let file = self.stage.file(self.stage.objects[self.user].file);
        let ledger = self.stage.ledger();
        let certain = ledger.own[self.user].file.certain().cloned();
        drop(ledger);
        if let Some(content) = certain {
            if content != file {
                let size = |bytes: &Option<Bytes>| bytes.as_ref().map(Bytes::len);
                let text = format!("told {:?} bytes, has {:?}", size(&content), size(&file));
                self.blame("what is told to be done is done", text);
            }
            self.mark("files compared");
        }
    }

    pub(super) async fn upload(
        &self,
        rows: u32,
        padding: u32,
        known: bool,
        gzip: bool,
    ) -> Result<()> {
        let stage = self.stage;
        let (content, rows) = self.table(rows, padding);
        self.expect(&content, rows);
        let file = stage.objects[self.user].file;
        let source = match known {
            true => Content::from(content.clone()),
            false => {
                let blocks: Vec<Bytes> = content
                    .chunks(300_001)
                    .map(Bytes::copy_from_slice)
                    .collect();
                let blocks = blocks.into_iter().map(Ok::<_, std::io::Error>);
                Content::stream(stream::iter(blocks.collect::<Vec<_>>()))
            }
        };
        let upload = stage
            .bulk(self.user)?
            .upload_file(file, source)
            .chunk_size(CHUNK);
        let upload = match gzip {
            true => upload.gzip_level(1),
            false => upload.without_gzip(),
        };
        let came = stage.attempt(self.number, self.step, upload).await;
        if let Came::To(uploaded) = &came {
            if uploaded.bytes != content.len() as u64 {
                self.blame("writes are told truly", format!("{uploaded:?}"));
            }
        }
        self.uploaded(&content, &came);
        self.check_file();
        Ok(())
    }

    pub(super) async fn put_file(&self, rows: u32) -> Result<()> {
        let stage = self.stage;
        let (content, rows) = self.table(rows, 0);
        self.expect(&content, rows);
        let file = stage.objects[self.user].file;
        let call = stage.bulk(self.user)?.put_file(file, content.clone());
        let came = stage.attempt(self.number, self.step, call).await;
        self.uploaded(&content, &came);
        self.check_file();
        Ok(())
    }

    pub(super) async fn delete_file(&self) -> Result<()> {
        let stage = self.stage;
        let file = stage.objects[self.user].file;
        let call = stage.bulk(self.user)?.delete_file(file);
        let came = stage.attempt(self.number, self.step, call).await;
        let late = self.late();
        {
            let slot = &mut stage.ledger().own[self.user].file;
            match came {
                Came::To(()) => slot.done(None, late),
                Came::Failed(_) | Came::Dropped => slot.maybe(None),
            }
        }
        self.check_file();
        Ok(())
    }

    pub(super) async fn download(&self) -> Result<()> {
        let stage = self.stage;
        let file = stage.objects[self.user].file;
        let before = stage.file(file);
        let call = stage.bulk(self.user)?.get_file(file);
        let came = stage.attempt(self.number, self.step, call).await;
        let after = stage.file(file);
        match came {
            Came::To(bytes) if before == after && !self.is_garbage(&bytes) => {
                // The chunks of an upload that was given up are there to be read, as far as they came.
                let partial = after.is_none() && self.may_begin_with(&bytes);
                if Some(&bytes) != after.as_ref() && !partial {
                    let has = after.map(|bytes| bytes.len());
                    let text = format!("got {} bytes, has {has:?}", bytes.len());
                    self.blame("downloads are true", text);
                }
                self.mark("downloads compared");
            }
            Came::Failed(error) if error.is_not_found() && before.is_some() && before == after => {
                self.blame("downloads are true", format!("there was a file: {error}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn may_begin_with(&self, bytes: &Bytes) -> bool {
        let ledger = self.stage.ledger();
        let possible = ledger.own[self.user].file.possible().iter().flatten();
        let mut possible = possible.filter(|content| content.starts_with(bytes));
        possible.next().is_some()
    }

    pub(super) async fn upload_and_import(&self, rows: u32) -> Result<()> {
        let stage = self.stage;
        let (content, rows) = self.table(rows, 0);
        self.expect(&content, rows.clone());
        let own = &stage.objects[self.user];
        let bulk = stage.bulk(self.user)?;
        let call = bulk.upload_and_import(own.file, content.clone(), own.import);
        let came = stage.attempt(self.number, self.step, call).await;
        let mut asked = Asked::new(self.number, own.import, came.told_of_many());
        match &came {
            Came::To(outcome) => {
                asked = asked.with_id(&outcome.task.task);
                asked.end = Some(End::Succeeded);
            }
            Came::Failed(error) => {
                asked.id = error.task_id().map(str::to_owned);
            }
            Came::Dropped => {}
        }
        self.uploaded(&content, &came);
        if matches!(came, Came::To(_)) {
            self.loaded(own.import);
        }
        stage.ledger().runs.push(asked);
        Ok(())
    }

    /// An import has succeeded: the rows of the file are in the list, if it is certain what it read.
    pub(super) fn loaded(&self, object: u64) {
        let late = self.late();
        let mut ledger = self.stage.ledger();
        if late || ledger.has_loose_runs(object) {
            return;
        }
        let own = &mut ledger.own[self.user];
        let Some(Some(content)) = own.file.certain().cloned() else {
            return;
        };
        let rows = own.contents.iter().find(|(known, _)| *known == content);
        let rows = rows.map(|(_, rows)| rows.clone()).unwrap_or_default();
        for (code, note) in rows {
            if let Some(slot) = own.items.get_mut(&code) {
                slot.done(Some(note.into()), late);
            }
        }
    }

    pub(super) async fn export_and_download(&self) -> Result<()> {
        let stage = self.stage;
        let export = stage.objects[self.user].export;
        let before = stage.items(self.user);
        let call = stage.bulk(self.user)?.export_and_download(export);
        let came = stage.attempt(self.number, self.step, call).await;
        let loose = stage.ledger().has_loose_runs(export);
        let mut asked = Asked::new(self.number, export, came.told_of_many());
        if let Came::To(bytes) = came {
            asked.end = Some(End::Succeeded);
            if !loose && !self.late() && !self.is_garbage(&bytes) {
                if stage.file(export).as_ref() != Some(&bytes) {
                    self.blame("downloads are true", "not what the export has written");
                }
                self.check_text(&before, &bytes);
            }
        } else {
            debug_assert_eq!(asked.told, Told::Maybe);
        }
        stage.ledger().runs.push(asked);
        Ok(())
    }
}
