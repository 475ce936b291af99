// SPDX-License-Identifier: GPL-2.0
/* What all files under /sys/kernel/kinetd have in common. */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <kinetd/sysfs.h>

/* all configuration: see sysfs.h */
struct mutex kinetd_mutex = __MUTEX_INITIALIZER(kinetd_mutex);
EXPORT_SYMBOL_GPL(kinetd_mutex);

static ssize_t sysfs_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct kinetd_attribute *file = container_of(attr, struct kinetd_attribute, attr);
	ssize_t len;

	if (file->show_unlocked)
		return file->show_unlocked(kobj, buf);
	if (!file->show)
		return -EIO;
	mutex_lock(&kinetd_mutex);
	len = file->show(kobj, buf);
	mutex_unlock(&kinetd_mutex);
	return len;
}

static int sysfs_store_value(struct kinetd_attribute *file, struct kobject *kobj,
			     const char *value)
{
	int err;

	if (file->store_unlocked)
		return file->store_unlocked(kobj, value);
	if (!file->store)
		return -EIO;
	mutex_lock(&kinetd_mutex);
	err = file->store(kobj, value);
	mutex_unlock(&kinetd_mutex);
	return err;
}

static ssize_t sysfs_store(struct kobject *kobj, struct attribute *attr, const char *buf,
			   size_t count)
{
	struct kinetd_attribute *file = container_of(attr, struct kinetd_attribute, attr);
	size_t len = count;
	char *value;
	int err;

	/* the files steer the whole machine: capable(), not ns_capable() */
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (len && buf[len - 1] == '\n')
		len--;
	/* no empty value, no NUL that would hide what follows it, no second line */
	if (!len || memchr(buf, '\0', len) || memchr(buf, '\n', len))
		return -EINVAL;

	value = kmemdup_nul(buf, len, GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	err = sysfs_store_value(file, kobj, value);
	kfree(value);
	return err ?: count;
}

const struct sysfs_ops kinetd_sysfs_ops = {
	.show	= sysfs_show,
	.store	= sysfs_store,
};
EXPORT_SYMBOL_GPL(kinetd_sysfs_ops);

static void dir_release(struct kobject *kobj)
{
	kfree(kobj);
}

/* a folder that is nothing but a folder */
const struct kobj_type kinetd_dir_type = {
	.release	= dir_release,
	.sysfs_ops	= &kinetd_sysfs_ops,
};

/**
 * kinetd_name_valid() - is this a name for a protocol, service or pool?
 * @name: NUL-terminated
 *
 * Return: true for 1 to KINETD_NAME_MAX characters of ``[a-z0-9_-]``.
 */
bool kinetd_name_valid(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return len && len <= KINETD_NAME_MAX && !name[len];
}
EXPORT_SYMBOL_GPL(kinetd_name_valid);

/**
 * kinetd_parse_number() - read a number that was written to a file
 * @buf: decimal digits and nothing else, not even the sign that kstrtouint() takes
 * @max: largest number allowed
 * @number: result, changed on error too
 *
 * Return: 0 or -EINVAL.
 */
int kinetd_parse_number(const char *buf, unsigned int max, unsigned int *number)
{
	if (!isdigit(*buf) || kstrtouint(buf, 10, number) || *number > max)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_GPL(kinetd_parse_number);
