/*
 * The peer of our device files: a libfuse3 program with one file, whose reads of 4 bytes are answered from one register.
 * Usage: peer-files DIRECTORY; it serves DIRECTORY/register until it is unmounted.
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_INODE 2
#define FILE_NAME "register"
#define FILE_SIZE 4096

static volatile uint32_t registers[FILE_SIZE / 4];

static int describe(fuse_ino_t inode, struct stat *out)
{
	memset(out, 0, sizeof *out);
	out->st_ino = inode;
	out->st_uid = getuid();
	if (inode == FUSE_ROOT_ID) {
		out->st_mode = S_IFDIR | 0700;
		out->st_nlink = 2;
	} else if (inode == FILE_INODE) {
		out->st_mode = S_IFREG | 0600;
		out->st_nlink = 1;
		out->st_size = FILE_SIZE;
	} else {
		return -1;
	}
	return 0;
}

static void on_getattr(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	struct stat out;
	(void)info;
	if (describe(inode, &out) < 0)
		fuse_reply_err(request, ENOENT);
	else
		fuse_reply_attr(request, &out, 0);
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry;
	if (parent != FUSE_ROOT_ID || strcmp(name, FILE_NAME) != 0) {
		fuse_reply_err(request, ENOENT);
		return;
	}
	memset(&entry, 0, sizeof entry);
	entry.ino = FILE_INODE;
	describe(FILE_INODE, &entry.attr);
	fuse_reply_entry(request, &entry);
}

static void on_open(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *info)
{
	if (inode != FILE_INODE) {
		fuse_reply_err(request, EISDIR);
		return;
	}
	info->direct_io = 1;
	fuse_reply_open(request, info);
}

/* One call is one access of 4 bytes, as proto(4) has it. */
static void on_read(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *info)
{
	uint32_t value;
	(void)inode;
	(void)info;
	if (size != 4 || offset < 0 || offset % 4 != 0 || offset + 4 > FILE_SIZE) {
		fuse_reply_err(request, EIO);
		return;
	}
	value = registers[offset / 4];
	fuse_reply_buf(request, (const char *)&value, sizeof value);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = on_lookup,
	.getattr = on_getattr,
	.open = on_open,
	.read = on_read,
};

int main(int argc, char **argv)
{
	char *options[] = { argv[0], "-o", "fsname=peer", NULL };
	struct fuse_args arguments = FUSE_ARGS_INIT(3, options);
	struct fuse_session *session;
	int result = 1;
	if (argc != 2)
		return 2;
	session = fuse_session_new(&arguments, &operations, sizeof operations, NULL);
	if (session == NULL)
		return 1;
	if (fuse_set_signal_handlers(session) == 0) {
		if (fuse_session_mount(session, argv[1]) == 0) {
			result = fuse_session_loop(session) == 0 ? 0 : 1;
			fuse_session_unmount(session);
		}
		fuse_remove_signal_handlers(session);
	}
	fuse_session_destroy(session);
	fuse_opt_free_args(&arguments);
	return result;
}
