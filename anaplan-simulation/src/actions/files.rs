//! Uploads and downloads.

use anaplan_bulk::Content;
use anaplan_core::Result;
use bytes::Bytes;
use futures_util::stream;

use crate::actions::ActionContext;
use crate::attempt::{CHUNK, Ended};
use crate::checker::rules;
use crate::expectations::{End, Reported, Requested, Slot};
use crate::program::GARBAGE;

impl ActionContext<'_> {
    pub(super) fn is_garbage(&self, bytes: &Bytes) -> bool {
        let garbage = GARBAGE.as_bytes();
        self.env.program.has_garbage()
            && bytes.windows(garbage.len()).any(|window| window == garbage)
    }

    /// Returns a CSV of items for the user's import and its rows, padded to a size.
    fn table(&self, rows: u32, padding: u32) -> (Bytes, Vec<(String, String)>) {
        let rows: Vec<(String, String)> = (0..rows)
            .map(|index| {
                // Every other row is the same in all uploads.
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
        // Empty lines are not rows.
        let line = "\r\n".repeat(32);
        while text.len() < padding as usize {
            text += &line;
        }
        (text.into(), rows)
    }

    /// Records that an import may load these rows, whatever the outcome of the upload.
    fn expect(&self, content: &Bytes, rows: Vec<(String, String)>) {
        let mut expectations = self.env.expectations();
        let own = &mut expectations.own[self.user];
        for (code, note) in &rows {
            let slot = own
                .items
                .entry(code.clone())
                .or_insert_with(|| Slot::new(None));
            slot.maybe(Some(Bytes::from(note.clone())));
        }
        own.contents.push((content.clone(), rows));
    }

    fn uploaded<T>(&self, content: &Bytes, ended: &Ended<T>) {
        let late = self.late();
        let slot = &mut self.env.expectations().own[self.user].file;
        match ended {
            Ended::Returned(_) => slot.done(Some(content.clone()), late),
            Ended::Failed(_) | Ended::Dropped => {
                slot.maybe(None);
                slot.maybe(Some(content.clone()));
            }
        }
    }

    /// Compares the file with the upload, unless earlier requests may still take effect.
    fn check_file(&self) {
        let file = self.env.file(self.env.objects[self.user].file);
        let expectations = self.env.expectations();
        let certain = expectations.own[self.user].file.certain().cloned();
        drop(expectations);
        if let Some(content) = certain {
            if content != file {
                let size = |bytes: &Option<Bytes>| bytes.as_ref().map(Bytes::len);
                let text = format!("reported {:?} bytes, has {:?}", size(&content), size(&file));
                self.violation(rules::DONE, text);
            }
            self.count("files compared");
        }
    }

    pub(super) async fn upload(
        &self,
        rows: u32,
        padding: u32,
        known: bool,
        gzip: bool,
    ) -> Result<()> {
        let env = self.env;
        let (content, rows) = self.table(rows, padding);
        self.expect(&content, rows);
        let file = env.objects[self.user].file;
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
        let upload = env
            .bulk(self.user)?
            .upload_file(file, source)
            .chunk_size(CHUNK);
        let upload = match gzip {
            true => upload.gzip_level(1),
            false => upload.without_gzip(),
        };
        let ended = env.attempt(self.number, self.step, upload).await;
        if let Ended::Returned(uploaded) = &ended {
            if uploaded.bytes != content.len() as u64 {
                self.violation(rules::WRITES, format!("{uploaded:?}"));
            }
        }
        self.uploaded(&content, &ended);
        self.check_file();
        Ok(())
    }

    pub(super) async fn put_file(&self, rows: u32) -> Result<()> {
        let env = self.env;
        let (content, rows) = self.table(rows, 0);
        self.expect(&content, rows);
        let file = env.objects[self.user].file;
        let call = env.bulk(self.user)?.put_file(file, content.clone());
        let ended = env.attempt(self.number, self.step, call).await;
        self.uploaded(&content, &ended);
        self.check_file();
        Ok(())
    }

    pub(super) async fn delete_file(&self) -> Result<()> {
        let env = self.env;
        let file = env.objects[self.user].file;
        let call = env.bulk(self.user)?.delete_file(file);
        let ended = env.attempt(self.number, self.step, call).await;
        let late = self.late();
        {
            let slot = &mut env.expectations().own[self.user].file;
            match ended {
                Ended::Returned(()) => slot.done(None, late),
                Ended::Failed(_) | Ended::Dropped => slot.maybe(None),
            }
        }
        self.check_file();
        Ok(())
    }

    pub(super) async fn download(&self) -> Result<()> {
        let env = self.env;
        let file = env.objects[self.user].file;
        let before = env.file(file);
        let call = env.bulk(self.user)?.get_file(file);
        let ended = env.attempt(self.number, self.step, call).await;
        let after = env.file(file);
        match ended {
            Ended::Returned(bytes) if before == after && !self.is_garbage(&bytes) => {
                // The chunks of an abandoned upload can be read.
                let partial = after.is_none() && self.may_begin_with(&bytes);
                if Some(&bytes) != after.as_ref() && !partial {
                    let has = after.map(|bytes| bytes.len());
                    let text = format!("got {} bytes, has {has:?}", bytes.len());
                    self.violation(rules::DOWNLOADS, text);
                }
                self.count("downloads compared");
            }
            Ended::Failed(error) if error.is_not_found() && before.is_some() && before == after => {
                self.violation(rules::DOWNLOADS, format!("there was a file: {error}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn may_begin_with(&self, bytes: &Bytes) -> bool {
        let expectations = self.env.expectations();
        let possible = expectations.own[self.user].file.possible().iter().flatten();
        let mut possible = possible.filter(|content| content.starts_with(bytes));
        possible.next().is_some()
    }

    pub(super) async fn upload_and_import(&self, rows: u32) -> Result<()> {
        let env = self.env;
        let (content, rows) = self.table(rows, 0);
        self.expect(&content, rows.clone());
        let own = &env.objects[self.user];
        let bulk = env.bulk(self.user)?;
        let call = bulk.upload_and_import(own.file, content.clone(), own.import);
        let ended = env.attempt(self.number, self.step, call).await;
        let mut requested = Requested::new(self.number, own.import, ended.reported_by_many());
        match &ended {
            Ended::Returned(outcome) => {
                requested = requested.with_id(&outcome.task.task);
                requested.end = Some(End::Succeeded);
            }
            // The id in an ambiguous error is that of a candidate.
            Ended::Failed(error) if error.is_ambiguous() => {}
            Ended::Failed(error) => {
                requested.id = error.task_id().map(str::to_owned);
            }
            Ended::Dropped => {}
        }
        self.uploaded(&content, &ended);
        if matches!(ended, Ended::Returned(_)) {
            self.loaded(own.import);
        }
        env.expectations().runs.push(requested);
        Ok(())
    }

    /// Records the rows of a successful import, if the content that it read is certain.
    pub(super) fn loaded(&self, object: u64) {
        let late = self.late();
        let mut expectations = self.env.expectations();
        if late || expectations.has_loose_runs(object) {
            return;
        }
        let own = &mut expectations.own[self.user];
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
        let env = self.env;
        let export = env.objects[self.user].export;
        let before = env.items(self.user);
        let call = env.bulk(self.user)?.export_and_download(export);
        let ended = env.attempt(self.number, self.step, call).await;
        let loose = env.expectations().has_loose_runs(export);
        let mut requested = Requested::new(self.number, export, ended.reported_by_many());
        if let Ended::Returned(bytes) = ended {
            requested.end = Some(End::Succeeded);
            if !loose && !self.late() && !self.is_garbage(&bytes) {
                if env.file(export).as_ref() != Some(&bytes) {
                    self.violation(rules::DOWNLOADS, "not what the export has written");
                }
                self.check_text(&before, &bytes);
            }
        } else {
            debug_assert_eq!(requested.reported, Reported::Unknown);
        }
        env.expectations().runs.push(requested);
        Ok(())
    }
}
