/* The smallest process, for comparison in `make bench`. */
int
main (void)
{
  return 0;
}
